"""gymapi as the stub declares it: structures, enumerations, constants, and `Gym`'s methods."""

import os

import numpy as np

from isaacgym.simulation import METHODS, Simulation
from isaacgym.stub import Stub

NUMBERS = {"float": (float, int, np.floating, np.integer), "int": (int, np.integer)}

STUB = Stub(os.environ["ISAACGYM_STUB"])


def fits(value, kind):
    """Whether a parameter or an attribute of a declared type takes a value."""
    if kind in ("Any", "object", "handle", "capsule", "tuple"):
        return True
    if kind == "bool":
        return isinstance(value, (bool, np.bool_))
    if kind == "int" and isinstance(value, Enumeration):
        return True
    if kind in NUMBERS:
        return isinstance(value, NUMBERS[kind])
    if kind == "str":
        return isinstance(value, str)
    if kind.startswith(("numpy.ndarray", "ndarray")):
        return isinstance(value, np.ndarray) and fits_dtype(value.dtype, kind)
    if kind in STUB.classes:
        return isinstance(value, globals()[kind])
    return True


def fits_dtype(dtype, kind):
    """Whether an array's dtype is that of `numpy.ndarray[...]`."""
    inner = kind.partition("[")[2].rstrip("]")
    if inner in ("float32", "uint8"):
        return dtype == np.dtype(inner)
    names = {"DofState": ("pos", "vel"), "carb::gym::GymDofProperties": DOF_PROPERTIES.names}
    return dtype.names == names.get(inner, dtype.names)


DOF_PROPERTIES = np.dtype(
    [
        ("hasLimits", "?"),
        ("lower", "<f4"),
        ("upper", "<f4"),
        ("driveMode", "<i4"),
        ("velocity", "<f4"),
        ("effort", "<f4"),
        ("stiffness", "<f4"),
        ("damping", "<f4"),
        ("friction", "<f4"),
        ("armature", "<f4"),
    ]
)
"""Of GymDofProperties the stub has only the name: its fields are those of the product's manual."""


class Enumeration:
    """A member of one of the product's enumerations."""

    def __init__(self, number):
        self._number = number

    def __int__(self):
        return self._number

    __index__ = __int__


class Structure:
    """One of the product's structures: has the declared attributes and no others."""

    def __init__(self, *given):
        declared = STUB.classes[type(self).__name__]
        check_call(f"{type(self).__name__}()", declared.methods["__init__"], given)
        for name, kind in declared.attributes.items():
            object.__setattr__(self, name, default(kind, name))
        for name, value in zip(self.ORDER, given):
            setattr(self, name, value)

    ORDER = ()

    def __setattr__(self, name, value):
        attributes = STUB.classes[type(self).__name__].attributes
        if name not in attributes:
            raise AttributeError(f"{type(self).__name__} has no attribute {name}")
        if not fits(value, attributes[name]):
            raise TypeError(f"{type(self).__name__}.{name} is {attributes[name]}, got {value!r}")
        object.__setattr__(self, name, value)


def default(kind, name):
    """What an attribute of a new structure holds."""
    if name == "w":
        return 1.0
    if kind in STUB.classes:
        made = globals()[kind]
        return made(0) if issubclass(made, Enumeration) else made()
    return {"float": 0.0, "int": 0, "bool": False}.get(kind)


def check_call(name, signatures, given):
    """Raise TypeError unless one of the signatures takes these arguments."""
    for signature in signatures:
        if signature.least <= len(given) <= signature.most and (
            signature.types is None or all(map(fits, given, signature.types))
        ):
            return
    raise TypeError(f"{name}: incompatible arguments {given!r}")


def method(name, signatures):
    """A method of Gym, which checks its arguments before anything happens."""

    def call(self, *given):
        check_call(name, signatures, given)
        if name not in METHODS:
            raise NotImplementedError(f"the double does not know Gym.{name}")
        return METHODS[name](self.simulation, *given)

    return call


for _name, _declared in STUB.classes.items():
    if _declared.is_enumeration:
        globals()[_name] = type(_name, (Enumeration,), {})
        for _member, _number in _declared.values.items():
            setattr(globals()[_name], _member, globals()[_name](_number))
    elif _name != "Gym":
        _order = {"Vec3": "xyz", "Quat": "xyzw", "Transform": "pr"}.get(_name, ())
        globals()[_name] = type(_name, (Structure,), {"ORDER": tuple(_order)})

for _name, (_kind, _value) in STUB.constants.items():
    globals()[_name] = getattr(globals().get(_kind), _name, None) if _value is None else _value

DofState.dtype = np.dtype([("pos", "<f4"), ("vel", "<f4")])  # noqa: F821

Gym = type(
    "Gym",
    (),
    {
        name: method(name, signatures)
        for name, signatures in STUB.classes["Gym"].methods.items()
        if not name.startswith("__")
    },
)
Gym.simulation = Simulation()


def acquire_gym():
    """The one Gym of a process."""
    return Gym()
