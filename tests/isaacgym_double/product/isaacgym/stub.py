"""What the product's stub declares, as plain data."""

import ast
import re


class Signature:
    """A method's arity and the types of its parameters, self not counted."""

    def __init__(self, types, least, most):
        self.types, self.least, self.most = types, least, most


class Stub:
    """The stub file at a path.

    classes: name -> Declared. constants: name -> the type's name and the value, None where the
    stub has none.
    """

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            # One method is called `lambda`, which Python does not allow.
            tree = ast.parse(re.sub(r"\bdef lambda\(", "def lambda_(", file.read()))
        self.classes = {n.name: Declared(n) for n in tree.body if isinstance(n, ast.ClassDef)}
        self.functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        self.constants = {
            n.target.id: (ast_name(n.annotation), n.value and ast.literal_eval(n.value))
            for n in tree.body
            if isinstance(n, ast.AnnAssign)
        }


class Declared:
    """A class: methods' signatures, attributes' types, and the members of an enumeration."""

    def __init__(self, node):
        self.methods, self.attributes = {}, {}
        for part in node.body:
            if isinstance(part, ast.FunctionDef):
                is_property = any(getattr(d, "id", "") == "property" for d in part.decorator_list)
                if is_property:
                    self.attributes[part.name] = "Any"
                else:
                    self.methods.setdefault(part.name, []).append(signature(part))
            elif isinstance(part, ast.AnnAssign) and not part.target.id.startswith("_"):
                self.attributes[part.target.id] = ast_name(part.annotation)
        self.is_enumeration = any(
            isinstance(p, ast.AnnAssign) and p.target.id == "__members__" for p in node.body
        )
        self.values = member_values(ast.get_docstring(node) or "")


def signature(function):
    """A method's signature; of one declared as *args, the one in its documentation."""
    if function.args.vararg is None:
        parameters = function.args.args[1:]
        types = [ast_name(p.annotation) for p in parameters]
        return Signature(types, len(types) - len(function.args.defaults), len(types))
    said = (ast.get_docstring(function) or "").splitlines()
    match = re.match(r"\w+\(self: \w+(?:, )?(.*)\) -> ", said[0]) if said else None
    if match is None:
        return Signature(None, 0, 99)
    declared = [part for part in re.split(r", (?=\w+: )", match.group(1)) if part]
    types = [part.split(": ", 1)[1].split(" = ")[0] for part in declared]
    return Signature(types, sum(" = " not in part for part in declared), len(types))


def ast_name(annotation):
    """The name of a type; of a subscripted one, what is subscripted."""
    if isinstance(annotation, ast.Name):
        return annotation.id
    if isinstance(annotation, ast.Attribute):
        return annotation.attr
    if isinstance(annotation, ast.Subscript):
        return ast_name(annotation.value)
    return "Any"


def member_values(documentation):
    """Members of an enumeration in the order of its documentation, with their numbers."""
    members = documentation.partition("Members:")[2]
    names = re.findall(r"^ *([A-Z][A-Z0-9_]+)(?: :.*)?$", members, re.MULTILINE)
    return {name: number for number, name in enumerate(names)}
