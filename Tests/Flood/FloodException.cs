namespace RawSocketChat.Tests.Flood;

/// <summary>An error that ends the run. The message is one line for the user.</summary>
internal sealed class FloodException(string message, int exitCode = FloodResult.NoConnection) : Exception(message)
{
    public int ExitCode => exitCode;
}
