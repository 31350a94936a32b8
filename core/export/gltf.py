"""A take as .glb or .gltf, with its fidelity measured on the bytes and written into `extras`.

file = gltf_of(take, motion, options)
file.document.to_glb(), file.fidelity
"""

from dataclasses import dataclass, replace

from core.export.fidelity import Fidelity, measure_fidelity
from core.export.gltf_document import GltfDocument
from core.export.gltf_morph import morph_document
from core.export.gltf_skinned import skinned_document
from core.export.motion import FileMotion
from core.export.options import ExportOptions
from core.export.skin_fit import FittedSkin, fitted_skin
from core.export.stages import Tell, silent
from core.export.take import Take

GENERATOR = "DASR Studio"


@dataclass(frozen=True, eq=False)
class GltfFile:
    """A finished document and what is known about it."""

    document: GltfDocument
    fidelity: Fidelity


def gltf_of(
    take: Take, motion: FileMotion, options: ExportOptions, tell: Tell = silent
) -> GltfFile:
    """Build, measure, and note the measure in the file."""
    if options.skinning == "morph":
        document = morph_document(take, motion, options)
    else:
        skin = skin_of(take, motion, options, tell)
        turned = replace(motion, joint_rotations=skin.joint_rotations)
        document = skinned_document(skin.dressed(take), turned, skin.influences, options)
    fidelity = measure_fidelity(document.to_glb(), take, motion, tell)
    extras = {
        "name": take.name,
        "fps": round(motion.fps, 6),
        "scale_source": motion.scale_source,
        "metres_per_unit": motion.scale,
        "body_length_m": take.body_length * motion.scale,
        "root_motion": options.root_motion,
        "skinning": options.skinning,
        "fidelity": fidelity.to_json(),
        **take.facts,
    }
    document.json["asset"] |= {"generator": GENERATOR, "extras": extras}
    return GltfFile(document, fidelity)


def skin_of(
    take: Take, motion: FileMotion, options: ExportOptions, tell: Tell = silent
) -> FittedSkin:
    """Skinning weights, and the rotations to use them with, by the chosen option."""
    if options.skinning == "8":
        return FittedSkin.truncated(take.body, 8, motion.joint_rotations)
    if options.skinning == "truncate":
        return FittedSkin.truncated(take.body, 4, motion.joint_rotations)
    return fitted_skin(take.body, motion.joint_rotations, 4, tell)
