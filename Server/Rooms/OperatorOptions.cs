namespace RawSocketChat.Server.Rooms;

/// <summary>The operators in the chat. Section <c>Operator</c>.</summary>
public sealed class OperatorOptions
{
    public const string Section = "Operator";

    /// <summary>
    /// The registered names of accounts that are owners of every room, in any letter case. Register the account before you set its name here:
    /// the user who registers the name gets these rights. Default none.
    /// </summary>
    public IList<string> Accounts { get; init; } = [];
}
