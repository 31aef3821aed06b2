namespace RawSocketChat.Server.Operator;

/// <summary>A command cannot continue. The message is one line for the operator.</summary>
public sealed class OperatorException(string message) : Exception(message);
