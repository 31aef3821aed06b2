using System.Text;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Search;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Creates the words of the table <c>search</c>, and the expressions that find them.</summary>
internal static class SearchIndex
{
    private const string PrivateWord = "private";
    private const string FileWord = "file";

    /// <summary>Adds the functions that the triggers of <c>schema.sql</c> call.</summary>
    public static void AddFunctions(SqliteConnection connection)
    {
        connection.CreateFunction("search_words", (string text) => SearchText.GetTerms(text), isDeterministic: true);
        connection.CreateFunction("search_filters", (long room, long isPrivate, string author, string name, long hasFile) =>
            $"{(isPrivate == 0 ? "" : PrivateWord)} {(hasFile == 0 ? "" : FileWord)} {GetRoomWord(room)} {GetUserWord(author)} {GetNameWord(name)}", isDeterministic: true);
    }

    /// <summary>Creates the expression of a query. Every word of the user is in quotation marks, so none is an operator.</summary>
    /// <param name="query">The query. A query that searches all public rooms needs a phrase, an author or
    /// <see cref="MessageQuery.HasFile"/>.</param>
    /// <param name="rooms">The ids of the rooms to search. If the query searches all public rooms, only the ids of the private
    /// rooms.</param>
    /// <param name="exceptRooms">The ids of the public rooms that are not searched.</param>
    public static string CreateExpression(MessageQuery query, IReadOnlyList<long> rooms, IReadOnlyList<long> exceptRooms)
    {
        var parts = new List<string>();
        if (query.Phrases.Count > 0)
            parts.Add($"({{words}} : ({string.Join(" AND ", query.Phrases.Select(phrase => Quote(string.Join(' ', phrase.Terms)) + (phrase.IsBeginning ? "*" : "")))}))");
        if (query.Author is { } author)
            parts.Add($"({{filters}} : ({Or([.. author.Id is null ? Array.Empty<string>() : [GetUserWord(author.Id)], GetNameWord(author.Name)])}))");
        if (query.HasFile)
            parts.Add($"({{filters}} : ({Quote(FileWord)}))");
        if (!query.Scope.WithPublicRooms)
            parts.Add($"({{filters}} : ({Or(rooms.Select(GetRoomWord))}))");
        var found = $"({string.Join(" AND ", parts)})";
        if (!query.Scope.WithPublicRooms)
            return found;

        // SQLite looks for the words after NOT only in messages that match the rest of the expression. The alternative is to give all messages
        // of public rooms a word, and to require this word in the expression. That would make a search several times slower.
        var excluded = rooms.Count == 0 ? Quote(PrivateWord) : $"({Quote(PrivateWord)} NOT ({Or(rooms.Select(GetRoomWord))}))";
        return $"{found} NOT ({{filters}} : ({string.Join(" OR ", exceptRooms.Select(GetRoomWord).Select(Quote).Prepend(excluded))}))";
    }

    private static string Or(IEnumerable<string> words) => string.Join(" OR ", words.Select(Quote));

    private static string Quote(string words) => $"\"{words}\"";

    private static string GetRoomWord(long id) => $"r{id}";

    private static string GetUserWord(string id) => "u" + ToHex(id);

    private static string GetNameWord(string name) => "n" + ToHex(name.Normalize(NormalizationForm.FormKC).ToUpperInvariant());

    // Ids and names may contain punctuation, at which the index splits text. So the index stores ids and names in hex.
    private static string ToHex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
