"""The skeleton teacher: fields in canonical space, warped by a skeleton, fitted to videos.

Written from the papers (Yang et al., BANMo, CVPR 2022; DASR, CVPR 2023; VolSDF, NeurIPS 2021).
"""
