using System.Text;
using RawSocketChat.Server.Search;

namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Searches the logs in memory. There is no index: a search reads the messages one by one, newest first.</summary>
public sealed class MemoryMessageSearch(MemoryRoomLog log, IRoomCatalog catalog, TimeProvider time) : IMessageSearch
{
    // The maximum time of a search. A database has a shorter limit, because it has an index.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);

    public async ValueTask<SearchPage> SearchAsync(MessageQuery query, CancellationToken cancellationToken)
    {
        var rooms = new Dictionary<string, bool>(StringComparer.OrdinalIgnoreCase);
        var (found, start) = (new List<FoundMessage>(), time.GetTimestamp());
        for (long? next = query.Before; next is { } before;)
        {
            foreach (var message in log.ReadMessages(before, out next))
            {
                if (message.Cursor < query.After)
                    return new SearchPage(found, HasMore: false);
                if (!rooms.TryGetValue(message.Room, out var isSearched))
                    rooms.Add(message.Room, isSearched = await IsSearchedAsync(query.Scope, message.Room, cancellationToken));
                if (!isSearched || !Matches(query, message.Event.Content))
                    continue;
                if (found.Count == query.Limit)
                    return new SearchPage(found, HasMore: true);
                found.Add(message);
            }

            if (time.GetElapsedTime(start) > MaxTime)
                return new SearchPage(found, HasMore: true, IsTimedOut: true);
        }

        return new SearchPage(found, HasMore: false);
    }

    private async ValueTask<bool> IsSearchedAsync(SearchScope scope, string room, CancellationToken cancellationToken)
    {
        if (scope.ExceptRooms?.Contains(room, StringComparer.OrdinalIgnoreCase) == true)
            return false;
        return scope.Rooms.Contains(room, StringComparer.OrdinalIgnoreCase)
            || (scope.WithPublicRooms && await catalog.FindRoomAsync(room, cancellationToken) is { IsPrivate: false });
    }

    private static bool Matches(MessageQuery query, NewEvent message)
    {
        if (query.Author is { } author && message.Author != author.Id
            && !message.AuthorName.Normalize(NormalizationForm.FormKC).Equals(author.Name.Normalize(NormalizationForm.FormKC), StringComparison.OrdinalIgnoreCase))
            return false;
        if (query.HasFile && message.Files is null or { Count: 0 })
            return false;
        var words = query.Phrases.Count == 0 ? [] : SearchText.Split(message.Text);
        return query.Phrases.All(phrase => phrase.FindIn(words).Any());
    }
}
