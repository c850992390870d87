"""Text that was wrapped for the way (RFC 3676), unwrapped: a line that ends in a space goes on in the next."""


def unflowed(text: str, *, drops_space: bool = False) -> str:
    """Join what was wrapped. `drops_space`: the space was only a mark (DelSp), as in languages without spaces."""
    lines: list[list[str]] = []
    depths: list[int] = []
    is_open = False
    for raw in text.split("\n"):
        bare = raw.lstrip(">")
        depth = len(raw) - len(bare)
        line = bare.removeprefix(" ")
        # The mark of a signature ends in a space and is never joined to anything.
        is_mark = line == "-- "
        if not (is_open and depths[-1] == depth and not is_mark):
            lines.append([])
            depths.append(depth)
        is_open = line.endswith(" ") and not is_mark
        lines[-1].append(line[:-1] if is_open and drops_space else line)
    joined = ("".join(line) for line in lines)
    return "\n".join(f"{'>' * depth} {line}" if depth else line for depth, line in zip(depths, joined, strict=True))
