namespace RawSocketChat.Server.Storage;

/// <summary>A user whom the operator has erased.</summary>
internal static class ErasedUser
{
    /// <summary>The name that the events of all erased users have. Nobody can take it.</summary>
    public const string Name = "erased";
}
