"""The single-file web page: whole, self-contained, and playing the same bytes as the .glb."""

import base64
import json
import re
from pathlib import Path

import numpy as np

from core.export import web_page as module
from core.export.export import export_take
from core.export.gltf_evaluate import linear_reference
from core.export.motion import file_motion
from core.export.options import ExportOptions
from core.export.web_page import WEB_FOLDER, page_facts, web_page
from tests.core.made_take import make_take


def part(page: str, name: str) -> str:
    found = re.search(rf'<script id="{name}"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_page_holds_the_glb_that_the_glb_export_writes(tmp_path: Path) -> None:
    take = make_take(8)
    report = export_take(take, tmp_path / "a.html")
    export_take(take, tmp_path / "a.glb")
    page = (tmp_path / "a.html").read_text()
    glb = base64.b64decode(part(page, "glb"))
    assert glb == (tmp_path / "a.glb").read_bytes()
    assert linear_reference(glb).vertices.shape == (8, len(take.body.vertices), 3)
    assert report.fidelity is not None
    assert report.size_bytes == (tmp_path / "a.html").stat().st_size


def test_the_page_needs_no_other_file_and_names_its_licences(tmp_path: Path) -> None:
    export_take(make_take(2), tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert "default-src 'none'" in page
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=", page)
    assert "{{" not in page.replace(WEB_FOLDER.joinpath("three.min.js").read_text(), "")
    assert "Copyright © 2010-2026 three.js authors" in page


def test_names_cannot_break_out_of_the_page() -> None:
    take = make_take(2, name='</title><script>alert("x")', facts={"model": "</script><b>{{GLB}}"})
    motion = file_motion(take, ExportOptions())
    page = web_page(b"glTF", take, motion, ExportOptions()).decode()
    assert "alert(" not in page.replace("alert(&quot;", "")
    assert json.loads(part(page, "facts"))["about"] == "</script><b>{{GLB}}, 2 frames"


def test_the_bundle_can_stand_inside_a_script_element() -> None:
    bundle = (WEB_FOLDER / "three.min.js").read_bytes()
    assert b"</script" not in bundle.lower()
    assert b"<!--" not in bundle
    assert len(bundle) < 700_000


def test_the_box_about_the_root_holds_every_pose() -> None:
    take = make_take(30)
    motion = file_motion(take, ExportOptions())
    facts = page_facts(take, motion, ExportOptions())
    about_root = motion.posed(take.body) - motion.rig_to_file[:, None, :3, 3]
    np.testing.assert_allclose(facts["low"], about_root.min((0, 1)), atol=1e-12)
    np.testing.assert_allclose(facts["high"], about_root.max((0, 1)), atol=1e-12)
    assert module.BOX_FRAMES >= 30
