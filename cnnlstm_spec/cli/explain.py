"""`explain CODE`: the manual page of a diagnostic; `explain SPEC ADDRESS`: how a shape came to be."""

from __future__ import annotations

import click

from ..emit.words.code_pages import list_pages, read_page, read_title
from ..language.scope import find_nearest
from .options import FOUND, color_option, imports_option, load_spec, set_option
from .terminal import write


@click.command("explain")
@click.argument("code", metavar="[CODE | SPEC]", required=False)
@click.argument("address", metavar="[ADDRESS]", required=False)
@set_option
@imports_option
@color_option
def command(code: str | None, address: str | None, overrides: tuple[str, ...], allow_imports: bool, color: str) -> None:
    """Show the manual page of a diagnostic; list the codes with what they say without one.

    With an ADDRESS, such as branches.video.conv3 or heads.risk, show how the shape of a layer of a SPEC came to be, from the
    input down, with the arithmetic of each layer, its parameters and its multiply-adds.
    """
    if code is not None and address is not None:
        _explain_shape(code, address, overrides, allow_imports, color)
        return
    names = list_pages()
    if code is None:
        widest = max(map(len, names))
        write("".join(f"{name:{widest}}  {read_title(name)}\n" for name in names))
        return
    code = code.rpartition("[")[2].rstrip("]")
    if code not in names:
        near = find_nearest(code, names)
        if near is None and (code.endswith((".yaml", ".yml"))):
            raise click.ClickException(f"of a spec an address is explained: `cnnlstm-spec explain {code} branches.NAME`")
        raise click.ClickException(f"there is no diagnostic `{code}`" + (f"; did you mean `{near}`?" if near else ""))
    write(read_page(code))


def _explain_shape(spec: str, address: str, overrides: tuple[str, ...], allow_imports: bool, color: str) -> None:
    """Prints the arithmetic of a layer; what is amiss with the spec is told besides."""
    from ..emit.words.arithmetic import explain, find, list_known_addresses

    compilation = load_spec(spec, overrides, color, allow_imports=allow_imports)
    if compilation.typed is None:
        raise click.exceptions.Exit(FOUND)
    node = find(compilation.typed, address)
    if node is None:
        known = tuple(list_known_addresses(compilation.typed))
        # In the inputs of a fusion the first word is left out.
        whole = f"branches.{address}"
        near = whole if whole in known else find_nearest(address, known)
        way = f"did you mean `{near}`?" if near else "`cnnlstm-spec shapes --format json` has the paths of all layers"
        raise click.ClickException(f"there is no `{address}` in this model; {way}")
    write(explain(compilation.typed, node) + "\n")
    if not compilation.ok:
        raise click.exceptions.Exit(FOUND)
