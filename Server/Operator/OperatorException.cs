using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Operator;

/// <summary>A command cannot continue. The message is one line for the operator.</summary>
public sealed class OperatorException(string message) : Exception(message)
{
    /// <summary>Creates the error for a name that does not exist. The message suggests the most similar known name, if there is one.</summary>
    /// <param name="what">The kind of thing that should have the name, for example "room".</param>
    public static OperatorException CreateUnknown(string what, string name, IEnumerable<string> known) =>
        new($"there is no {what} \"{name}\"" + (NearestWord.Find(name, known) is { } near ? $"; did you mean \"{near}\"?" : ""));
}
