"""`python tools/vsix.py`: packs what `make vscode` has built into a .vsix, which is a zip with two lists of what is in it."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

FOLDER = Path(__file__).parent.parent / "editors" / "vscode"
FILES = ("package.json", "README.md", "LICENSE", "dist/extension.js")
DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file, so that the same files give the same bytes."""
TYPES = """\
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json"/>
  <Default Extension=".js" ContentType="application/javascript"/>
  <Default Extension=".md" ContentType="text/markdown"/>
  <Default Extension=".vsixmanifest" ContentType="text/xml"/>
  <Override PartName="/extension/LICENSE" ContentType="text/plain"/>
</Types>
"""


def main() -> None:
    """Writes the package beside its sources."""
    target = FOLDER / "cnnlstm-spec.vsix"
    missing = [name for name in FILES if not (FOLDER / name).is_file()]
    if missing:
        sys.exit(f"{', '.join(missing)} is not there; `make vscode` builds it")
    pack(FOLDER, target)
    print(f"{target.relative_to(FOLDER.parent.parent)}: install it with `code --install-extension`")


def pack(folder: Path, target: Path) -> None:
    """A package of the files of an extension."""
    about = json.loads((folder / "package.json").read_text("utf-8"))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        write(package, "[Content_Types].xml", TYPES.encode())
        write(package, "extension.vsixmanifest", make_manifest(about).encode())
        for name in FILES:
            write(package, f"extension/{name}", (folder / name).read_bytes())


def write(package: zipfile.ZipFile, name: str, data: bytes) -> None:
    """A file of the package."""
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    package.writestr(entry, data)


def make_manifest(about: dict[str, Any]) -> str:
    """What VS Code reads of a package before it unpacks it."""
    identity = " ".join(
        f"{key}={quoteattr(about[name])}" for key, name in (("Id", "name"), ("Version", "version"), ("Publisher", "publisher"))
    )
    return f"""\
<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" {identity}/>
    <DisplayName>{escape(about["displayName"])}</DisplayName>
    <Description xml:space="preserve">{escape(about["description"])}</Description>
    <Categories>{escape(",".join(about["categories"]))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={quoteattr(about["engines"]["vscode"])}/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
    <License>extension/LICENSE</License>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
  </Assets>
</PackageManifest>
"""


if __name__ == "__main__":
    main()
