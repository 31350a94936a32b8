"""Runs inside Blender's Python: import a file and write down what Blender shows at some times.

    BLENDER_PYTHON blender_shows.py FILE TIMES.npz OUT.npz

TIMES.npz holds `times_s` and `fps`; OUT.npz gets `vertices` (times, verts, 3) of the mesh whose
name holds "mesh" and `bone_names`, `bone_heads` (times, bones, 3), all in glTF's axes.
"""

import sys

import bpy
import numpy as np


def main() -> None:
    path, times_path, out_path = sys.argv[-3:]
    with np.load(times_path) as asked:
        times_s, fps = asked["times_s"], float(asked["fps"])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    render = bpy.context.scene.render
    render.fps = max(1, round(fps))
    render.fps_base = render.fps / fps  # before the import: glTF keys are in seconds
    first_frame = import_file(path)
    vertices, heads, names = [], [], []
    for time_s in times_s:
        frame = first_frame + time_s * fps
        whole = int(np.floor(frame + 1e-6))
        bpy.context.scene.frame_set(whole, subframe=max(0.0, float(frame - whole)))
        vertices.append(mesh_vertices())
        names, places = bone_heads()
        heads.append(places)
    np.savez(
        out_path,
        vertices=np.array(vertices),
        bone_names=np.array(names),
        bone_heads=np.array(heads),
    )


def import_file(path: str) -> float:
    """Import by suffix; returns the frame at which time is zero."""
    if path.endswith((".glb", ".gltf")):
        bpy.ops.import_scene.gltf(filepath=path)
        return 0.0
    if path.endswith(".bvh"):
        bpy.ops.import_anim.bvh(filepath=path, frame_start=0, rotate_mode="QUATERNION")
        return 1.0  # the importer counts the first key as the frame after the start
    bpy.ops.wm.usd_import(filepath=path, set_frame_range=False)
    return 0.0


def mesh_vertices() -> np.ndarray:
    meshes = [o for o in bpy.data.objects if o.type == "MESH" and "mesh" in o.name.lower()]
    if not meshes:
        return np.zeros((0, 3))
    evaluated = meshes[0].evaluated_get(bpy.context.evaluated_depsgraph_get())
    shown = evaluated.to_mesh()
    flat = np.empty(3 * len(shown.vertices), np.float32)
    shown.vertices.foreach_get("co", flat)
    to_world = np.array(evaluated.matrix_world)
    return to_gltf_axes(flat.reshape(-1, 3) @ to_world[:3, :3].T + to_world[:3, 3])


def bone_heads() -> tuple[list[str], np.ndarray]:
    armatures = [o for o in bpy.data.objects if o.type == "ARMATURE"]
    if not armatures:
        return [], np.zeros((0, 3))
    evaluated = armatures[0].evaluated_get(bpy.context.evaluated_depsgraph_get())
    bones = list(evaluated.pose.bones)
    places = [(evaluated.matrix_world @ bone.matrix).translation[:] for bone in bones]
    return [bone.name for bone in bones], to_gltf_axes(np.array(places))


def to_gltf_axes(points: np.ndarray) -> np.ndarray:
    """Blender is z-up."""
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], 1)


main()
