namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A way is not to be had here, and the comparison does without it; the message says why in one line.</summary>
internal sealed class LeftOutException(string message) : Exception(message);
