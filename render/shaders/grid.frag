#version 330 core
// Fine and strong lines that fade out, and the x and z axes in colour.
uniform vec4 disc;          // centre x, height, centre z, radius
uniform vec3 line;          // sRGB
uniform float line_opacity;
uniform float spacing;      // of the fine lines; every tenth is strong

in vec2 v_place;
out vec4 out_color;

const vec3 AXIS_X = vec3(0.85, 0.30, 0.32);
const vec3 AXIS_Z = vec3(0.28, 0.47, 0.86);

// Coverage of a pixel by lines one pixel wide; fades where they would crowd.
float lines(vec2 place, vec2 footprint) {
    vec2 away = abs(fract(place - 0.5) - 0.5) / footprint;
    vec2 cover = clamp(1.0 - away, 0.0, 1.0) * clamp(1.0 - 2.5 * footprint, 0.0, 1.0);
    return max(cover.x, cover.y);
}

void main() {
    vec2 footprint = max(fwidth(v_place), 1e-6);
    vec2 place = v_place / spacing, print = footprint / spacing;
    vec2 from_center = (v_place - disc.xz) / disc.w;
    float fade = clamp(1.0 - dot(from_center, from_center), 0.0, 1.0);
    float grid = max(0.4 * lines(place, print), lines(0.1 * place, 0.1 * print));
    vec2 axis = clamp(1.25 - abs(v_place) / footprint, 0.0, 1.0); // x: near x = 0
    vec4 over = vec4(line, grid * line_opacity);
    over = mix(over, vec4(AXIS_Z, 0.6), axis.x);
    over = mix(over, vec4(AXIS_X, 0.6), axis.y);
    out_color = vec4(over.rgb, over.a * fade * fade);
}
