// Value noise on the integer grid, from -1 to 1.

float lattice(ivec3 p, uint seed) {
    uint h = uint(p.x) * 0x8da6b343u ^ uint(p.y) * 0xd8163841u ^ uint(p.z) * 0xcb1ab31fu ^ seed;
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h ^= h >> 12;
    return float(h & 0xffffu) * (2.0 / 65535.0) - 1.0;
}

float value_noise(vec3 p, uint seed) {
    vec3 cell = floor(p);
    vec3 f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    ivec3 i = ivec3(cell);
    vec4 near = vec4(
        lattice(i, seed), lattice(i + ivec3(1, 0, 0), seed),
        lattice(i + ivec3(0, 1, 0), seed), lattice(i + ivec3(1, 1, 0), seed));
    i.z += 1;
    vec4 far = vec4(
        lattice(i, seed), lattice(i + ivec3(1, 0, 0), seed),
        lattice(i + ivec3(0, 1, 0), seed), lattice(i + ivec3(1, 1, 0), seed));
    vec4 z = mix(near, far, f.z);
    vec2 y = mix(z.xy, z.zw, f.y);
    return mix(y.x, y.y, f.x);
}
