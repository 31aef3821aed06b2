namespace RawSocketChat.Server.Rooms;

/// <summary>The operators in the chat. Section <c>Operator</c>.</summary>
public sealed class OperatorOptions
{
    public const string Section = "Operator";

    /// <summary>
    /// The names of accounts that are owners of every room, as they are registered, in any letter case. The account must exist: whoever
    /// registers the name first gets these rights. Default none.
    /// </summary>
    public IList<string> Accounts { get; init; } = [];
}
