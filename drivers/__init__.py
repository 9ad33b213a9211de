"""Line cards: what joins the media plane to real or simulated lines."""
