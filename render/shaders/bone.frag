#version 330 core
in vec3 v_normal;
in vec3 v_color;
out vec4 out_color;

void main() {
    vec3 normal = normalize(v_normal);
    float light = 0.62 + 0.38 * abs(dot(normal, normalize(vec3(-0.4, -0.7, -0.6))));
    out_color = vec4(v_color * light, 1.0);
}
