namespace RawSocketChat.Protocol.Chat;

/// <summary>The part of a message's text that a search has found. Plain text, without line breaks.</summary>
/// <param name="Text">The part of the text, with … where it was cut.</param>
/// <param name="Marks">The found words in <paramref name="Text"/>, in order, without overlaps.</param>
public sealed record Snippet(string Text, IReadOnlyList<SnippetMark> Marks);

/// <summary>A found word.</summary>
/// <param name="Start">The index of its first UTF-16 code unit.</param>
/// <param name="Length">The number of its UTF-16 code units.</param>
public readonly record struct SnippetMark(int Start, int Length);
