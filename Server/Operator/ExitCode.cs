namespace RawSocketChat.Server.Operator;

/// <summary>What a command tells the shell.</summary>
public static class ExitCode
{
    public const int Done = 0;

    /// <summary>Not done; for <c>check</c>: damage was found.</summary>
    public const int Failed = 1;

    /// <summary>For <c>check</c> alone: it could not look.</summary>
    public const int CouldNotCheck = 2;

    /// <summary>Ctrl+C or SIGTERM, as shells have it.</summary>
    public const int Interrupted = 130;
}
