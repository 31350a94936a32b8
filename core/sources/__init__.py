"""Where frames come from: video files, image folders, cameras and streams."""
