"""The shaders of the cube map's renderer, GLSL 3.30.

`centred` means: along the world's axes, with the camera at the origin.
"""

from typing import Final

LIGHTING: Final = """
const vec3 TOWARDS_SUN = normalize(vec3(-0.25, 0.25, 1.0));

vec3 lit(vec3 colour, vec3 normal) {
    float sky = 0.5 + 0.5 * normal.z;
    float sun = max(dot(normal, TOWARDS_SUN), 0.0);
    return colour * (0.35 + 0.25 * sky + 0.45 * sun);
}
"""

BODY_VERTEX: Final = """
#version 330
uniform mat4 clip_from_centred;
in vec3 in_position;
in vec3 in_normal;
in float in_stretch;
in vec4 in_centred_from_geom_x;
in vec4 in_centred_from_geom_y;
in vec4 in_centred_from_geom_z;
in vec4 in_scale_and_half_length;
in vec3 in_colour;
out vec3 normal;
flat out vec3 colour;

void main() {
    vec3 scale = in_scale_and_half_length.xyz;
    vec4 point = vec4(in_position * scale, 1.0);
    point.z += in_stretch * in_scale_and_half_length.w;
    vec3 outwards = in_normal / scale;
    normal = vec3(
        dot(in_centred_from_geom_x.xyz, outwards),
        dot(in_centred_from_geom_y.xyz, outwards),
        dot(in_centred_from_geom_z.xyz, outwards));
    colour = in_colour;
    gl_Position = clip_from_centred * vec4(
        dot(in_centred_from_geom_x, point),
        dot(in_centred_from_geom_y, point),
        dot(in_centred_from_geom_z, point),
        1.0);
}
"""

BODY_FRAGMENT: Final = (
    """
#version 330
in vec3 normal;
flat in vec3 colour;
out vec4 pixel;
"""
    + LIGHTING
    + """
void main() {
    pixel = vec4(lit(colour, normalize(normal)), 1.0);
}
"""
)

PLANE_VERTEX: Final = (
    """
#version 330
uniform mat4 clip_from_centred;
uniform mat4 centred_from_plane;
uniform vec2 half_extents;
uniform vec2 squares_per_metre;
uniform vec2 offset;
uniform vec3 even_colour;
uniform vec3 odd_colour;
in vec3 in_position;
out vec2 square;
flat out vec3 lit_even_colour;
flat out vec3 lit_odd_colour;
"""
    + LIGHTING
    + """
void main() {
    vec2 place = in_position.xy * half_extents;
    square = place * squares_per_metre + offset;
    gl_Position = clip_from_centred * (centred_from_plane * vec4(place, 0.0, 1.0));
    // One normal for the whole plane, of the side that the camera, at the origin, sees.
    vec3 normal = centred_from_plane[2].xyz;
    vec3 facing = dot(normal, centred_from_plane[3].xyz) < 0.0 ? normal : -normal;
    lit_even_colour = lit(even_colour, facing);
    lit_odd_colour = lit(odd_colour, facing);
}
"""
)

PLANE_FRAGMENT: Final = """
#version 330
in vec2 square;
flat in vec3 lit_even_colour;
flat in vec3 lit_odd_colour;
out vec4 pixel;

void main() {
    // The checker's mean over the pixel's footprint, in closed form (Quilez, 'filtering the
    // checkerboard pattern'): no moire towards the horizon, which would also cost JPEG bytes.
    vec2 width = fwidth(square) + 1e-4;
    vec2 from = abs(fract((square - 0.5 * width) * 0.5) - 0.5);
    vec2 to = abs(fract((square + 0.5 * width) * 0.5) - 0.5);
    vec2 mean = 2.0 * (from - to) / width;
    float even = 0.5 + 0.5 * mean.x * mean.y;
    pixel = vec4(mix(lit_odd_colour, lit_even_colour, even), 1.0);
}
"""

SKY_VERTEX: Final = """
#version 330
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
#version 330
noperspective in vec3 colour;
out vec4 pixel;

void main() {
    pixel = vec4(colour, 1.0);
}
"""
