"""Values and functions of the reconstruction. Knows no Qt and no OpenGL."""
