"""Fit a teacher to prepared clips of one animal.

main.py prepare a.mp4 b.mp4 -o clips
main.py fit banmo clips -o teacher                     # two CPU cores; --config full for a GPU
main.py fit banmo clips -o teacher                     # the same again goes on where it stopped

main.py fit banmo clips -o teacher --student shiba     # then distil a student from it

The teacher's folder holds its configuration, checkpoint, log and previews; when the time is used,
also its frozen decoders (knowledge.safetensors), mesh (rest.npz) and words for every frame
(pseudo.npz).
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ExplainedError
from core.progress import Writer

if TYPE_CHECKING:
    from training.banmo.config import TeacherConfig
    from training.banmo.teacher import TeacherStart
    from training.prepare.prepared_clip import PreparedClip

TEACHERS = ("banmo",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("teacher", choices=TEACHERS, help="kind of teacher")
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="folder that prepare made")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="TEACHER")
    parser.add_argument("--config", default="lite", metavar="lite|full|FILE", help="configuration")
    parser.add_argument("--minutes", type=float, metavar="N", help="of computing, over all resumes")
    parser.add_argument("--steps", type=int, metavar="N", help="in place of --minutes")
    parser.add_argument("--model", default="dog", help="category model: skeleton and first poses")
    parser.add_argument("--start", choices=("mesh", "bones"), help="first canonical shape")
    parser.add_argument("--root-start", choices=("student", "still"), help="for the ablation")
    parser.add_argument("--no-delta", action="store_true", help="without delta skinning")
    parser.add_argument("--no-flow", action="store_true", help="without the flow loss")
    parser.add_argument(
        "--no-features", action="store_true", help="without features, though clips bring them"
    )
    parser.add_argument(
        "--mirror", type=float, metavar="N", help="how much left and right are to be alike: 0 to 10"
    )
    parser.add_argument(
        "--inset", type=float, metavar="N", help="betas that the density lies inside: 0 to 3"
    )
    parser.add_argument("--no-outline", action="store_true", help="without pull from far away")
    parser.add_argument(
        "--no-search", action="store_true", help="do not try frames from all around at first"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where to compute")
    parser.add_argument("--threads", type=int, metavar="N")
    parser.add_argument(
        "--resolution", type=int, default=64, choices=(64, 128, 256), help="of marching cubes"
    )
    parser.add_argument(
        "--student", type=Path, metavar="MODEL", help="model folder: distil a student into it"
    )
    parser.add_argument("--student-minutes", type=float, default=30.0, metavar="N")
    parser.add_argument(
        "--start-from", metavar="RUN", help="run of `train` whose network the student begins with"
    )
    parser.add_argument("--faces", type=int, metavar="N", help="simplify the mesh to so many")


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Fit, or go on fitting."""
    import torch

    from training.banmo.fit_teacher import TeacherFit
    from training.banmo.fit_teacher import run as fit_on
    from training.banmo.outline import OutlineTargets
    from training.banmo.pictures import write_previews
    from training.banmo.ray_pool import RayPool
    from training.banmo.teacher_files import CONFIG

    config, folders, clips, start = _prepared_run(arguments, out)
    _warn_flips(start.poses.rotation, start, clips, "at the start", out)
    torch.set_num_threads(config.threads)
    pool = RayPool.of_clips(clips, config.seed)
    outline = OutlineTargets.of_clips(clips) if config.uses_outline else None
    fit = TeacherFit(config, start, pool, outline)
    config.write(arguments.out / CONFIG)
    if fit.load(arguments.out):
        much = f"{config.minutes:g} minutes" if config.steps is None else f"{config.steps} steps"
        out.line(f"Going on after {fit.used_s / 60:.1f} minutes, {fit.step} steps, of {much}.")

    def preview(fit: TeacherFit) -> None:
        name = f"{int(1000 * fit.share):04}"
        write_previews(fit.teacher, clips, arguments.out / "previews", name)
        every = torch.arange(pool.frame_count, device=fit.device)
        rotation = fit.teacher.poses.rotations(every).detach().cpu().numpy()
        _warn_flips(rotation, start, clips, f"after {fit.used_s / 60:.0f} minutes", out)

    if fit.share == 0:
        preview(fit)
    fit_on(fit, arguments.out, lambda share, row: out.progress("fitting", share, 1.0), preview)
    return _finish(fit, arguments, (folders, clips), out)


def _finish(fit: Any, arguments: argparse.Namespace, clips: Any, out: Writer) -> int:
    from training.banmo.knowledge import write_results

    facts = write_results(
        fit.teacher.cpu(), clips[1], arguments.out, (arguments.resolution, arguments.faces)
    )
    if arguments.student is not None:
        _distil(arguments, fit.config, out)
    rays = fit.config.frames_per_step * fit.config.rays_per_frame * fit.step / fit.used_s
    out.line(
        f"{arguments.out}: {fit.step} steps, {rays:.0f} rays a second, silhouette IoU "
        f"{facts['iou']:.3f} on the fitted frames; see previews/."
    )
    out.result(facts | {"steps": fit.step, "rays_per_s": rays, "teacher": str(arguments.out)})
    return 0


def _distil(arguments: argparse.Namespace, config: "TeacherConfig", out: Writer) -> None:
    from training.banmo.distil import DistilJob, distil

    job = DistilJob(
        arguments.student.name, arguments.out, arguments.student,
        minutes=arguments.student_minutes, threads=config.threads,
        start_from=arguments.start_from,
    )  # fmt: skip
    distil(job, out.progress)
    out.line(f"The student is in {arguments.student}.")


def _prepared_run(
    arguments: argparse.Namespace, out: Writer
) -> "tuple[TeacherConfig, list[Path], list[PreparedClip], TeacherStart]":
    """Configuration, clips and start: from the folder where it has them, else made."""
    from core.model import load_model
    from training.banmo.settle import settled
    from training.banmo.start import start_from_student
    from training.banmo.teacher_files import FACTS, read_start, write_start
    from training.prepare.prepared_clip import prepared_folders, read_prepared

    folders = prepared_folders(arguments.clips)
    clips = [read_prepared(folder) for folder in folders]
    for clip in clips:
        if clip.is_usable.sum() < 2:
            raise ExplainedError(
                f"The clip {clip.name} has fewer than two usable masks; edit its masks folder."
            )
    config = _config(arguments)
    if (arguments.out / FACTS).is_file():
        start, facts = read_start(arguments.out)
        if [len(clip.rgb) for clip in clips] != facts["frames"]:
            raise ExplainedError(f"{arguments.out} was begun with other clips; fit elsewhere.")
        return config, folders, clips, start
    model = load_model(arguments.model)
    start = start_from_student(model, clips, config, out.progress)
    if config.uses_outline:
        start = settled(start, clips, config, out.progress)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_start(arguments.out, start, folders, model.name)
    return config, folders, clips, start


def _config(arguments: argparse.Namespace) -> "TeacherConfig":
    """The folder's configuration if it has one, else the one asked for; with what was given."""
    from dataclasses import replace

    from training.banmo.config import TeacherConfig
    from training.banmo.teacher_files import CONFIG

    kept = arguments.out / CONFIG
    if kept.is_file():
        config = TeacherConfig.read(kept)
    elif arguments.config in ("lite", "full"):
        config = TeacherConfig.named(arguments.config)
    else:
        config = TeacherConfig.read(Path(arguments.config))
    if arguments.minutes is not None and not 0 < arguments.minutes <= 10_000:
        raise ExplainedError(f"--minutes {arguments.minutes:g} is not between 0 and 10000.")
    if arguments.steps is not None and arguments.steps < 1:
        raise ExplainedError(f"--steps {arguments.steps} is no number of steps; give 1 or more.")
    if arguments.mirror is not None and not 0 <= arguments.mirror <= 10:
        raise ExplainedError(f"--mirror {arguments.mirror:g} is not between 0 and 10.")
    if arguments.inset is not None and not 0 <= arguments.inset <= 3:
        raise ExplainedError(f"--inset {arguments.inset:g} is not between 0 and 3.")
    if arguments.mirror is not None:
        config = replace(config, losses=replace(config.losses, mirror=arguments.mirror))
    given = {
        "minutes": arguments.minutes,
        "steps": arguments.steps,
        "device": arguments.device,
        "uses_outline": False if arguments.no_outline else None,
        "searches": 0 if arguments.no_search else None,
        "threads": arguments.threads,
        "inset": arguments.inset,
        "start": arguments.start,
        "root_start": arguments.root_start,
        "delta_skinning": False if arguments.no_delta else None,
        "uses_features": False if arguments.no_features else None,
        "uses_flow": False if arguments.no_flow else None,
    }
    return replace(config, **{name: value for name, value in given.items() if value is not None})


def _warn_flips(
    rotation: Any, start: "TeacherStart", clips: "list[PreparedClip]", when: str, out: Writer
) -> None:
    from training.banmo.start import flip_warnings

    for sentence in flip_warnings(rotation, start.poses.clip_of, clips):
        out.warn(f"{when}: {sentence}")
