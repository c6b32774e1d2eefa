"""The shaders of the cube map's renderer, GLSL 3.30, in the variants that definitions select.

`centred` means: along the world's axes, with the camera at the origin. `SHADOWS` is defined where
the sun's shadows are looked up, `TEXTURE_2D` or `TEXTURE_CUBE` where a shape has a texture.
"""

from collections.abc import Collection, Mapping
from typing import Final


def source(text: str, defined: Collection[str] = (), values: Mapping[str, float] = {}) -> str:
    """A shader's text with definitions in front of it."""
    lines = [f"#define {name}" for name in defined]
    lines += [f"#define {name} {float(value)!r}" for name, value in values.items()]
    return "\n".join(["#version 330", *lines, text])


LIGHTING: Final = """
uniform vec3 towards_sun;

vec3 lit(vec3 colour, vec3 normal, float sunlit) {
    float sky = 0.5 + 0.5 * normal.z;
    float sun = max(dot(normal, towards_sun), 0.0);
    return colour * (0.35 + 0.25 * sky + 0.45 * sun * sunlit);
}
"""

LOOK_UP: Final = """
#ifdef SHADOWS
uniform sampler2DShadow shadow_map;
uniform mat4 map_from_centred;

// The mean of four looks at the map around a place, each of which weighs four texels.
float sunlit(vec3 place, vec3 normal) {
    float facing = dot(normal, towards_sun);
    if (facing <= 0.0) {
        return 0.0;
    }
    // What the looks spread over must not lie behind the surface itself, nor behind the triangles
    // that stand for a round one.
    vec3 lifted = place + towards_sun * LIFT_M
        + normal * (SPREAD_M * sqrt(max(1.0 - facing * facing, 0.0)));
    vec3 seen = (map_from_centred * vec4(lifted, 1.0)).xyz;
    if (any(greaterThan(abs(seen.xy - 0.5), vec2(0.495)))) {
        return 1.0;
    }
    const float HALF = 0.5 * STEP;
    return 0.25 * (
        texture(shadow_map, seen + vec3(-HALF, -HALF, 0.0))
        + texture(shadow_map, seen + vec3(HALF, -HALF, 0.0))
        + texture(shadow_map, seen + vec3(-HALF, HALF, 0.0))
        + texture(shadow_map, seen + vec3(HALF, HALF, 0.0)));
}
#endif
"""

PLACEMENT: Final = """
uniform mat4 clip_from_centred;
in vec3 in_position;
in float in_stretch;
in vec4 in_centred_from_geom_x;
in vec4 in_centred_from_geom_y;
in vec4 in_centred_from_geom_z;
in vec4 in_scale_and_half_length;

vec3 centred_from_geom(vec4 v) {
    return vec3(
        dot(in_centred_from_geom_x, v),
        dot(in_centred_from_geom_y, v),
        dot(in_centred_from_geom_z, v));
}

vec3 centred_place() {
    vec4 point = vec4(in_position * in_scale_and_half_length.xyz, 1.0);
    point.z += in_stretch * in_scale_and_half_length.w;
    return centred_from_geom(point);
}
"""

BODY_VERTEX: Final = (
    PLACEMENT
    + """
in vec3 in_normal;
in vec3 in_colour;
out vec3 normal;
flat out vec3 colour;
#ifdef SHADOWS
centroid out vec3 place;
#endif
#ifdef TEXTURE_2D
in vec2 in_texture_place;
in vec3 in_texture_scale;
out vec2 texture_place;
#endif
#ifdef TEXTURE_CUBE
in vec3 in_texture_scale;
out vec3 texture_place;
#endif

void main() {
    vec3 centred = centred_place();
    normal = centred_from_geom(vec4(in_normal / in_scale_and_half_length.xyz, 0.0));
    colour = in_colour;
#ifdef SHADOWS
    place = centred;
#endif
#ifdef TEXTURE_2D
    texture_place = in_texture_place * in_texture_scale.xy;
#endif
#ifdef TEXTURE_CUBE
    texture_place = (in_position + vec3(0.0, 0.0, in_stretch)) * in_texture_scale;
#endif
    gl_Position = clip_from_centred * vec4(centred, 1.0);
}
"""
)

BODY_FRAGMENT: Final = (
    """
in vec3 normal;
flat in vec3 colour;
out vec4 pixel;
#ifdef SHADOWS
centroid in vec3 place;
#endif
#ifdef TEXTURE_2D
uniform sampler2D image;
in vec2 texture_place;
#endif
#ifdef TEXTURE_CUBE
uniform samplerCube image;
in vec3 texture_place;
#endif
"""
    + LIGHTING
    + LOOK_UP
    + """
void main() {
    vec3 outwards = normalize(normal);
    vec3 surface = colour;
    float sun = 1.0;
#if defined(TEXTURE_2D) || defined(TEXTURE_CUBE)
    surface *= texture(image, texture_place).rgb;
#endif
#ifdef SHADOWS
    sun = sunlit(place, outwards);
#endif
    pixel = vec4(lit(surface, outwards, sun), 1.0);
}
"""
)

SHADOW_VERTEX: Final = (
    PLACEMENT
    + """
void main() {
    gl_Position = clip_from_centred * vec4(centred_place(), 1.0);
}
"""
)

SHADOW_FRAGMENT: Final = """
void main() {
}
"""

PLANE_VERTEX: Final = (
    """
uniform mat4 clip_from_centred;
uniform mat4 centred_from_plane;
uniform vec3 normal;
uniform vec2 half_extents;
uniform vec2 squares_per_metre;
uniform vec2 offset;
uniform vec3 even_colour;
uniform vec3 odd_colour;
in vec3 in_position;
out vec2 square;
flat out vec3 even;
flat out vec3 odd;
#ifdef SHADOWS
centroid out vec3 place;
#endif
"""
    + LIGHTING
    + """
void main() {
    vec2 own = in_position.xy * half_extents;
    vec4 centred = centred_from_plane * vec4(own, 0.0, 1.0);
    square = own * squares_per_metre + offset;
#ifdef SHADOWS
    place = centred.xyz;
    even = even_colour;
    odd = odd_colour;
#else
    // The light is the same all over a plane; at every pixel it would cost a tenth of a frame.
    even = lit(even_colour, normal, 1.0);
    odd = lit(odd_colour, normal, 1.0);
#endif
    gl_Position = clip_from_centred * centred;
}
"""
)

PLANE_FRAGMENT: Final = (
    """
uniform vec3 normal;
in vec2 square;
flat in vec3 even;
flat in vec3 odd;
out vec4 pixel;
#ifdef SHADOWS
centroid in vec3 place;
#endif
#ifdef TEXTURE_2D
uniform sampler2D image;
#endif
"""
    + LIGHTING
    + LOOK_UP
    + """
void main() {
#ifdef TEXTURE_2D
    vec3 surface = even * texture(image, square * vec2(0.5, -0.5)).rgb;
#else
    // The checker's mean over the pixel's footprint, in closed form (Quilez, 'filtering the
    // checkerboard pattern'): no moire towards the horizon, which would also cost JPEG bytes.
    vec2 width = fwidth(square) + 1e-4;
    vec2 from = abs(fract((square - 0.5 * width) * 0.5) - 0.5);
    vec2 to = abs(fract((square + 0.5 * width) * 0.5) - 0.5);
    vec2 mean = 2.0 * (from - to) / width;
    vec3 surface = mix(odd, even, 0.5 + 0.5 * mean.x * mean.y);
#endif
#ifdef SHADOWS
    pixel = vec4(lit(surface, normal, sunlit(place, normal)), 1.0);
#else
    pixel = vec4(surface, 1.0);
#endif
}
"""
)

SKY_VERTEX: Final = """
const vec3 HORIZON = vec3(0.80, 0.87, 0.93);
const vec3 ZENITH = vec3(0.42, 0.58, 0.80);
uniform mat3 centred_from_face;
in vec2 in_position;
noperspective out vec3 colour;

void main() {
    vec3 direction = normalize(centred_from_face * vec3(in_position, 1.0));
    colour = mix(HORIZON, ZENITH, max(direction.z, 0.0));
    gl_Position = vec4(in_position, 1.0, 1.0);
}
"""

SKY_FRAGMENT: Final = """
noperspective in vec3 colour;
out vec4 pixel;

void main() {
    pixel = vec4(colour, 1.0);
}
"""
