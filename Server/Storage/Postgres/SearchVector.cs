using System.Globalization;
using System.Text;
using RawSocketChat.Server.Search;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// Creates the words of the column <c>events.words</c>, and the expressions that find them. The server, not PostgreSQL, splits the texts into
/// words, so that a search has the same results with each engine. The words for the room, a file and the author begin with a slash, so they
/// differ from all words of a text.
/// </summary>
internal static class SearchVector
{
    private const string FileWord = "/f";

    // PostgreSQL's limit for positions. All words after this position get this position.
    private const int MaxPosition = 16383;

    /// <summary>Creates the value of the column, in the text form of the type <c>tsvector</c>.</summary>
    public static string Create(long room, NewEvent content)
    {
        var vector = new StringBuilder();
        Append(vector, GetRoomWord(room));
        Append(vector.Append(' '), GetAuthorWord(content.Author));
        Append(vector.Append(' '), GetNameWord(content.AuthorName));
        if (content.Files is { Count: > 0 })
            Append(vector.Append(' '), FileWord);
        var position = 0;
        foreach (var word in SearchText.Split(content.Text))
        {
            Append(vector.Append(' '), word.Term);
            vector.Append(CultureInfo.InvariantCulture, $":{Math.Min(++position, MaxPosition)}");
        }

        return vector.ToString();
    }

    /// <summary>Creates the expression of a query, in the text form of the type <c>tsquery</c>.</summary>
    /// <param name="query">The query. A query that searches all public rooms needs a phrase, an author or <see cref="MessageQuery.HasFile"/>.</param>
    /// <param name="rooms">The ids of the rooms to search. Not used if the query searches all public rooms.</param>
    public static string CreateExpression(MessageQuery query, IReadOnlyList<long> rooms)
    {
        var parts = query.Phrases.Select(phrase => $"({string.Join(" <-> ", phrase.Terms.Select(Quote))}{(phrase.IsBeginning ? ":*" : "")})").ToList();
        if (query.Author is { } author)
            parts.Add(Or([.. author.Id is null ? Array.Empty<string>() : [GetAuthorWord(author.Id)], GetNameWord(author.Name)]));
        if (query.HasFile)
            parts.Add(Quote(FileWord));
        if (!query.Scope.WithPublicRooms)
            parts.Add(Or(rooms.Select(GetRoomWord)));
        return string.Join(" & ", parts);
    }

    private static string Or(IEnumerable<string> words) => $"({string.Join(" | ", words.Select(Quote))})";

    private static string GetRoomWord(long id) => $"/r{id}";

    private static string GetAuthorWord(string id) => "/u" + id;

    private static string GetNameWord(string name) => "/n" + name.Normalize(NormalizationForm.FormKC).ToUpperInvariant();

    private static string Quote(string word)
    {
        var quoted = new StringBuilder();
        Append(quoted, word);
        return quoted.ToString();
    }

    private static void Append(StringBuilder vector, string word)
    {
        vector.Append('\'');
        foreach (var character in word)
        {
            if (character is '\'' or '\\')
                vector.Append(character);
            vector.Append(character);
        }

        vector.Append('\'');
    }
}
