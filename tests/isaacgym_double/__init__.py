"""A double of Isaac Gym, with which the real worker runs on machines that cannot have the product.

`product/isaacgym` has what the stubs of the product declare (package isaacgym-stubs, MIT): methods
and their arity, attributes and their types, constants. It refuses everything else, and keeps just
enough state to answer. `stand_in/torch.py` takes PyTorch's place where that is not installed. Both
run under the worker's Python, so they know nothing newer than 3.7.
"""
