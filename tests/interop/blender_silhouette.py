"""Runs inside Blender's Python: render the exported camera's view, transparent where nothing is.

BLENDER_PYTHON blender_silhouette.py FILE.glb TIMES_S FPS WIDTH HEIGHT OUT_FOLDER

TIMES_S are joined by commas; OUT_FOLDER gets 0.png, 1.png and so on.
"""

import sys

import bpy

path, times_s, fps, width, height, out_folder = sys.argv[-6:]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = max(1, round(float(fps)))
scene.render.fps_base = scene.render.fps / float(fps)
bpy.ops.import_scene.gltf(filepath=path)
for shape in [o for o in bpy.data.objects if o.type == "MESH" and "mesh" not in o.name]:
    shape.hide_render = True  # the importer's bone shape
scene.camera = next(o for o in bpy.data.objects if o.type == "CAMERA")
scene.render.engine = "CYCLES"
scene.cycles.samples = 64
scene.cycles.use_adaptive_sampling = False  # it stops early and leaves alpha in few steps
scene.cycles.pixel_filter_type = "BOX"  # alpha is the share of the pixel that is covered
scene.cycles.max_bounces = 0  # only alpha is looked at
scene.render.use_persistent_data = True
scene.cycles.use_denoising = False
scene.world = bpy.data.worlds.new("light")
scene.world.color = (1, 1, 1)
scene.view_settings.view_transform = "Standard"
scene.render.film_transparent = True
scene.render.resolution_x, scene.render.resolution_y = int(width), int(height)
scene.render.resolution_percentage = 100
scene.render.image_settings.file_format = "PNG"
scene.render.image_settings.color_mode = "RGBA"
for index, time_s in enumerate(times_s.split(",")):
    frame = float(time_s) * float(fps)
    scene.frame_set(int(frame + 1e-6), subframe=max(0.0, frame - int(frame + 1e-6)))
    scene.render.filepath = f"{out_folder}/{index}.png"
    bpy.ops.render.render(write_still=True)
