#version 330 core
// The shadow map laid on the ground.
uniform sampler2D shade;
uniform vec3 area;     // centre x, centre z, half the side
uniform vec2 strength; // of touching the ground, of being above it

in vec2 v_place;
out vec4 out_color;

void main() {
    vec2 uv = (v_place - area.xy) / area.z * 0.5 + 0.5;
    vec2 seen = texture(shade, uv).rg * strength; // empty at the texture's border, which repeats
    out_color = vec4(vec3(0.0), 1.0 - (1.0 - seen.x) * (1.0 - seen.y));
}
