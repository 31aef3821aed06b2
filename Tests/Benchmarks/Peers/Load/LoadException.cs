namespace RawSocketChat.Tests.Benchmarks.Peers.Load;

/// <summary>A peer that can't be measured, and why in one line.</summary>
internal sealed class LoadException(string message) : Exception(message);
