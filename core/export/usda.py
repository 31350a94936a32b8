"""A take as USD text (.usda) with UsdSkel: mesh, skeleton and animation, as in the glTF.

Written by hand, so that no USD library is needed; matrices are rows here (USD's row vectors).

Source:
    Pixar, "UsdSkel: Schemas", sections Skeleton, SkelAnimation and SkelBindingAPI.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from core.export.end_joints import end_joint_offsets
from core.export.gltf_parts import linear_rgba, quaternions_xyzw, vertex_normals
from core.export.joint_names import ROOT_BONE, file_names
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.take import Take
from core.influences import Influences


def usda_lines(
    take: Take, motion: FileMotion, influences: Influences, options: ExportOptions
) -> Iterator[str]:
    """The file, piece by piece; a long take is never one string."""
    codes = motion.times_s * motion.fps
    yield "#usda 1.0\n(\n"
    yield f'    defaultPrim = "{ROOT_PRIM}"\n    metersPerUnit = 1\n    upAxis = "Y"\n'
    yield f"    timeCodesPerSecond = {motion.fps:.6f}\n    framesPerSecond = {motion.fps:.6f}\n"
    yield f"    startTimeCode = {codes[0]:.6f}\n    endTimeCode = {codes[-1]:.6f}\n"
    yield f"    doc = {_text(f'DASR Studio: {take.name}')}\n)\n\n"
    yield f'def SkelRoot "{ROOT_PRIM}" (\n    prepend apiSchemas = ["SkelBindingAPI"]\n)\n{{\n'
    yield from _mesh(take, motion.scale, influences)
    yield from _skeleton(take, motion.scale, options)
    yield from _animation(take, motion, options, codes)
    yield "}\n"


ROOT_PRIM = "body"


def joint_paths(take: Take, options: ExportOptions) -> list[str]:
    """Path of the root bone and of every joint, such as `root/spine/head`."""
    names = file_names(take.body.skeleton.names, options.joint_names)
    # USD identifiers know no minus
    names = tuple(name.replace("-", "_") for name in names)
    paths = [ROOT_BONE]
    for joint, parent in enumerate(take.body.skeleton.parents):
        paths.append(f"{paths[parent + 1]}/{names[joint]}")
    return paths


def _mesh(take: Take, scale: float, influences: Influences) -> Iterator[str]:
    points = scale * take.body.vertices
    colors = linear_rgba(take.body.colors)[:, :3] / 65535
    count = influences.weights.shape[1]
    joints = np.where(influences.weights > 0, influences.indices + 1, 0)
    low, high = points.min(0), points.max(0)
    yield '    def Mesh "mesh" (\n        prepend apiSchemas = ["SkelBindingAPI"]\n    )\n    {\n'
    yield f"        float3[] extent = [{_tuple(low)}, {_tuple(high)}]\n"
    yield '        uniform token subdivisionScheme = "none"\n        bool doubleSided = 1\n'
    yield f"        int[] faceVertexCounts = [{', '.join(['3'] * len(take.body.faces))}]\n"
    yield f"        int[] faceVertexIndices = [{_ints(take.body.faces)}]\n"
    yield f"        point3f[] points = [{_tuples(points)}]\n"
    normals = vertex_normals(points, take.body.faces)
    yield f'        normal3f[] normals = [{_tuples(normals)}] (interpolation = "vertex")\n'
    yield f"        color3f[] primvars:displayColor = [{_tuples(colors)}] (\n"
    yield '            interpolation = "vertex"\n        )\n'
    yield f"        int[] primvars:skel:jointIndices = [{_ints(joints)}] (\n"
    yield f'            elementSize = {count}\n            interpolation = "vertex"\n        )\n'
    yield f"        float[] primvars:skel:jointWeights = [{_floats(influences.weights)}] (\n"
    yield f'            elementSize = {count}\n            interpolation = "vertex"\n        )\n'
    yield f"        matrix4d primvars:skel:geomBindTransform = {_matrix(np.eye(4))}\n"
    yield f"        rel skel:skeleton = </{ROOT_PRIM}/skeleton>\n    }}\n\n"


def _skeleton(take: Take, scale: float, options: ExportOptions) -> Iterator[str]:
    skeleton = take.body.skeleton
    bind, rest = (
        _scaled(skeleton.rest_joint_to_rig, scale),
        _scaled(skeleton.rest_joint_to_parent, scale),
    )
    paths = joint_paths(take, options)
    if options.has_end_joints:
        for joint, offset in end_joint_offsets(take.body).items():
            local = np.eye(4)
            local[:3, 3] = scale * offset
            paths.append(f"{paths[joint + 1]}/{paths[joint + 1].rsplit('/', 1)[1]}_end")
            bind = np.concatenate([bind, (bind[joint] @ local)[None]])
            rest = np.concatenate([rest, local[None]])
    identity = np.eye(4)[None]
    yield '    def Skeleton "skeleton" (\n        prepend apiSchemas = ["SkelBindingAPI"]\n    )\n'
    yield f"    {{\n        uniform token[] joints = [{_tokens(paths)}]\n"
    yield f"        uniform matrix4d[] bindTransforms = [{_matrices([*identity, *bind])}]\n"
    yield f"        uniform matrix4d[] restTransforms = [{_matrices([*identity, *rest])}]\n"
    yield f"        rel skel:animationSource = </{ROOT_PRIM}/animation>\n    }}\n\n"


def _animation(
    take: Take, motion: FileMotion, options: ExportOptions, codes: np.ndarray
) -> Iterator[str]:
    skeleton = take.body.skeleton
    paths = joint_paths(take, options)
    local = skeleton.rest_joint_to_parent[:, :3, :3] @ motion.joint_rotations
    tracks = np.concatenate([motion.rig_to_file[:, None, :3, :3], local], 1).swapaxes(0, 1)
    quaternions = quaternions_xyzw(tracks)[..., [3, 0, 1, 2]]
    offsets = motion.scale * skeleton.rest_joint_to_parent[:, :3, 3]
    scales = ", ".join(["(1, 1, 1)"] * len(paths))
    yield '    def SkelAnimation "animation"\n    {\n        uniform token[] joints = ['
    yield f"{_tokens(paths)}]\n        half3[] scales = [{scales}]\n"
    yield "        quatf[] rotations.timeSamples = {\n"
    for key, code in enumerate(codes):
        yield f"            {code:.6f}: [{_tuples(quaternions[:, key])}],\n"
    yield "        }\n        float3[] translations.timeSamples = {\n"
    for key, code in enumerate(codes):
        places = np.concatenate([motion.rig_to_file[key, None, :3, 3], offsets])
        yield f"            {code:.6f}: [{_tuples(places)}],\n"
    yield "        }\n    }\n"


def _scaled(transforms: np.ndarray, scale: float) -> np.ndarray:
    scaled = transforms.astype(np.float64).copy()
    scaled[:, :3, 3] *= scale
    return scaled


def _text(text: str) -> str:
    plain = text.encode("ascii", "replace").decode().replace("\\", "/").replace('"', "'")
    return '"' + plain.replace("\n", " ") + '"'


def _tokens(paths: Iterable[str]) -> str:
    return ", ".join(f'"{path}"' for path in paths)


def _tuple(vector: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.7g}" for value in vector.tolist()) + ")"


def _tuples(rows: np.ndarray) -> str:
    return ", ".join(_tuple(row) for row in rows)


def _ints(array: np.ndarray) -> str:
    return ", ".join(map(str, array.reshape(-1).tolist()))


def _floats(array: np.ndarray) -> str:
    return ", ".join(f"{value:.7g}" for value in array.reshape(-1).tolist())


def _matrix(matrix: np.ndarray) -> str:
    return "( " + ", ".join(_tuple(row) for row in matrix.T) + " )"


def _matrices(matrices: Iterable[np.ndarray]) -> str:
    return ", ".join(_matrix(matrix) for matrix in matrices)
