"""DeepLIFT's Rescale rule: multipliers between rows and their counterparts, of which one is the window and one the reference.

Between a row and its counterpart every function of one value is a straight line, whose slope is the multiplier, and a product is shared by
its factors with the mean of the other one; what else a network computes must be linear. So multipliers are gradients in which each
derivative is replaced by that slope. The rules are symmetric: rows can be windows and the counterpart their reference, or rows references
and the counterpart a window.
"""
