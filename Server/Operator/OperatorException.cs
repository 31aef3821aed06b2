namespace RawSocketChat.Server.Operator;

/// <summary>What a command cannot do, in one line for the operator.</summary>
public sealed class OperatorException(string message) : Exception(message);
