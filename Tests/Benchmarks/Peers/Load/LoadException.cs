namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>A peer can't be measured. The message is the reason, in one line.</summary>
internal sealed class LoadException(string message) : Exception(message);
