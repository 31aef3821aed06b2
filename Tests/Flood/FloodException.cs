namespace RawSocketChat.Tests.Flood;

/// <summary>The flood can't go on; the message is one line for a person.</summary>
internal sealed class FloodException(string message, int exitCode = FloodResult.NoConnection) : Exception(message)
{
    public int ExitCode => exitCode;
}
