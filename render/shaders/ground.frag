#version 330 core
// A grid of fine and strong lines that fades out, the x and z axes in colour, and a shadow.
uniform vec4 disc;          // centre x, height, centre z, radius
uniform vec3 line;          // sRGB
uniform float line_opacity;
uniform float spacing;      // of the fine lines; every tenth is strong
uniform sampler2D shade;
uniform vec3 area;          // of the shadow: centre x, centre z, half the side
uniform float shadow_opacity;

in vec2 v_place;
out vec4 out_color;

const vec3 AXIS_X = vec3(0.85, 0.30, 0.32);
const vec3 AXIS_Z = vec3(0.28, 0.47, 0.86);

// Coverage of a pixel by lines one pixel wide; fades where they would crowd.
vec2 lines(vec2 place, vec2 footprint) {
    vec2 away = abs(fract(place - 0.5) - 0.5) / footprint;
    return clamp(1.0 - away, 0.0, 1.0) * clamp(0.6 - 1.6 * footprint, 0.0, 1.0) * 1.6;
}

void main() {
    vec2 footprint = max(fwidth(v_place), 1e-6);
    float away = length(v_place - disc.xz) / disc.w;
    float fade = 1.0 - smoothstep(0.15, 1.0, away);
    vec2 fine = lines(v_place / spacing, footprint / spacing);
    vec2 strong = lines(v_place / (10.0 * spacing), footprint / (10.0 * spacing));
    vec2 axis = clamp(1.3 - abs(v_place) / footprint, 0.0, 1.0); // x: near x = 0
    float grid = max(0.45 * max(fine.x, fine.y), max(strong.x, strong.y)) * line_opacity;
    vec4 over = vec4(line, grid);
    over = mix(over, vec4(AXIS_Z, 0.75), axis.x);
    over = mix(over, vec4(AXIS_X, 0.75), axis.y);
    over.a *= fade * fade;

    vec2 uv = (v_place - area.xy) / area.z * 0.5 + 0.5;
    float shadow = 0.0;
    if (all(greaterThan(uv, vec2(0.0))) && all(lessThan(uv, vec2(1.0))))
        shadow = texture(shade, uv).r * shadow_opacity;
    // The grid lies on the ground, the shadow on both.
    float alpha = over.a + shadow * (1.0 - over.a);
    out_color = vec4(over.rgb * over.a * (1.0 - shadow) / max(alpha, 1e-4), alpha);
}
