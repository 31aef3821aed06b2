namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Creates the values of an event's row that differ between the engines.</summary>
internal interface IEventColumns
{
    /// <summary>Replaces characters that the engine cannot store.</summary>
    string Clean(string text);

    /// <summary>Creates the value of the column <c>words</c> of a message.</summary>
    string CreateWords(long room, NewEvent content);
}
