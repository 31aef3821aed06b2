namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>A transport is not available, and the comparison leaves it out. The message is the reason, in one line.</summary>
internal sealed class TransportUnavailableException(string message) : Exception(message);
