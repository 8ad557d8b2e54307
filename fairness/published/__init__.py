"""The public report as people read it: made of ``fairness_public.json`` and of nothing else."""
