namespace RawSocketChat.Server.Operator;

/// <summary>Exit codes of the operator commands.</summary>
public static class ExitCode
{
    public const int Success = 0;

    /// <summary>The command failed. For <c>check</c>: the check found damage.</summary>
    public const int Failed = 1;

    /// <summary>For <c>check</c> only: the check could not run.</summary>
    public const int CouldNotCheck = 2;

    /// <summary>Ctrl+C or SIGTERM has interrupted the command. Shells use the same code for Ctrl+C.</summary>
    public const int Interrupted = 130;
}
