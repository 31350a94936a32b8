#version 330 core
// Bones, drawn in front of everything else: their depth is pressed into the nearest part.
uniform mat4 world_to_cam;
uniform mat4 cam_to_clip;

in vec3 in_position; // world
in vec3 in_normal;
in vec3 in_color;    // sRGB

out vec3 v_normal;   // camera
out vec3 v_color;

void main() {
    v_normal = mat3(world_to_cam) * in_normal;
    v_color = in_color;
    gl_Position = cam_to_clip * world_to_cam * vec4(in_position, 1.0);
    gl_Position.z = 0.02 * gl_Position.z - 0.98 * gl_Position.w;
}
