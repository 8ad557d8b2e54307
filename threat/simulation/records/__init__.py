"""How the police of the synthetic force record what happens, and what they do about it."""
