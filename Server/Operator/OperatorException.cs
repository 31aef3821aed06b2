using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Operator;

/// <summary>A command cannot continue. The message is one line for the operator.</summary>
public sealed class OperatorException(string message) : Exception(message)
{
    /// <summary>Creates the error for a name that does not exist. It names the known name that is most similar.</summary>
    /// <param name="what">The kind of thing that the name belongs to, for example "room".</param>
    public static OperatorException CreateUnknown(string what, string name, IEnumerable<string> known) =>
        new($"there is no {what} \"{name}\"" + (NearestWord.Find(name, known) is { } near ? $"; did you mean \"{near}\"?" : ""));
}
