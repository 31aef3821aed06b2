namespace RawSocketChat.Protocol.Chat;

/// <summary>The part of a message's text around the first found word. It is plain text without line breaks.</summary>
/// <param name="Text">The part of the message's text, with … where the server has cut the text.</param>
/// <param name="Marks">The found words in <paramref name="Text"/>, in order, without overlaps.</param>
public sealed record Snippet(string Text, IReadOnlyList<SnippetMark> Marks);

/// <summary>A found word.</summary>
/// <param name="Start">The index of the word's first UTF-16 code unit in <see cref="Snippet.Text"/>.</param>
/// <param name="Length">The length of the word in UTF-16 code units.</param>
public readonly record struct SnippetMark(int Start, int Length);
