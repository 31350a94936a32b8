// sRGB, IEC 61966-2-1.

vec3 to_linear(vec3 srgb) {
    vec3 low = srgb / 12.92;
    vec3 high = pow((srgb + 0.055) / 1.055, vec3(2.4));
    return mix(high, low, lessThanEqual(srgb, vec3(0.04045)));
}

vec3 to_srgb(vec3 linear) {
    vec3 c = clamp(linear, 0.0, 1.0);
    vec3 high = 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055;
    return mix(high, 12.92 * c, lessThanEqual(c, vec3(0.0031308)));
}
