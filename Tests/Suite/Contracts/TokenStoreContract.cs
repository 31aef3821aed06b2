using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every token store must follow.</summary>
public abstract class TokenStoreContract
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private ITokenStore _tokens = null!;
    private IRoomCatalog _catalog = null!;

    /// <summary>Opens an empty store, and the catalog of its rooms.</summary>
    protected abstract (ITokenStore Tokens, IRoomCatalog Catalog) Open();

    [SetUp]
    public async Task OpenStoreAsync()
    {
        (_tokens, _catalog) = Open();
        await CreateRoomAsync("Garden");
        await CreateRoomAsync("lobby");
    }

    [Test]
    public async Task Token_is_found_by_its_hash_as_it_was_added()
    {
        var token = Token("h1", "Garden", "Builds");
        (await AddAsync(token)).Should().Be(TokenCreation.Created);
        (await _tokens.FindAsync("h1", default)).Should().Be(token);
        (await _tokens.FindAsync("h2", default)).Should().BeNull();
        (await _tokens.FindAsync("H1", default)).Should().BeNull("the comparison is case-sensitive");
    }

    [Test]
    public async Task Names_are_unique_in_a_room_in_any_letter_case()
    {
        await AddAsync(Token("h1", "Garden", "Builds"));
        (await AddAsync(Token("h2", "garden", "builds"))).Should().Be(TokenCreation.NameTaken);
        (await AddAsync(Token("h3", "lobby", "builds"))).Should().Be(TokenCreation.Created);
        (await _tokens.FindAsync("h2", default)).Should().BeNull();
    }

    [Test]
    public async Task Room_has_at_most_its_maximum_number_of_tokens()
    {
        await AddAsync(Token("h1", "Garden", "one"), max: 2);
        (await AddAsync(Token("h2", "Garden", "two"), max: 2)).Should().Be(TokenCreation.Created);
        (await AddAsync(Token("h3", "Garden", "three"), max: 2)).Should().Be(TokenCreation.TooMany);
        (await AddAsync(Token("h4", "lobby", "three"), max: 2)).Should().Be(TokenCreation.Created);
        await _tokens.RevokeAsync("Garden", "one", default);
        (await AddAsync(Token("h5", "Garden", "three"), max: 2)).Should().Be(TokenCreation.Created);
    }

    [Test]
    public async Task Concurrent_additions_never_exceed_the_maximum()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => AddAsync(Token($"h{i}", "lobby", $"n{i}"), max: 3))));
        results.Count(result => result == TokenCreation.Created).Should().Be(3);
        (await _tokens.ListAsync("lobby", default)).Should().HaveCount(3);
    }

    [Test]
    public async Task List_has_the_tokens_of_one_room_in_alphabetical_order()
    {
        await AddAsync(Token("h1", "Garden", "water"));
        await AddAsync(Token("h2", "Garden", "Builds"));
        await AddAsync(Token("h3", "lobby", "alerts"));
        (await _tokens.ListAsync("GARDEN", default)).Select(token => token.Name).Should().Equal("Builds", "water");
        (await _tokens.ListAsync("cellar", default)).Should().BeEmpty();
    }

    [Test]
    public async Task Revoked_token_is_gone_and_its_name_is_free()
    {
        await AddAsync(Token("h1", "Garden", "Builds"));
        (await _tokens.RevokeAsync("lobby", "Builds", default)).Should().BeNull("the token belongs to another room");
        (await _tokens.RevokeAsync("garden", "BUILDS", default)).Should().Be(Token("h1", "Garden", "Builds"));
        (await _tokens.RevokeAsync("garden", "BUILDS", default)).Should().BeNull();
        (await _tokens.FindAsync("h1", default)).Should().BeNull();
        (await _tokens.ListAsync("Garden", default)).Should().BeEmpty();
        (await AddAsync(Token("h2", "Garden", "builds"))).Should().Be(TokenCreation.Created);
    }

    [Test]
    public async Task Tokens_are_removed_with_their_room_and_do_not_work_for_a_new_room_of_the_same_name()
    {
        await AddAsync(Token("h1", "Garden", "builds"));
        await AddAsync(Token("h2", "lobby", "builds"));
        await _catalog.RemoveRoomAsync("garden", default);
        (await _tokens.FindAsync("h1", default)).Should().BeNull();
        (await AddAsync(Token("h3", "Garden", "builds"))).Should().Be(TokenCreation.NoRoom);

        await CreateRoomAsync("Garden");
        (await _tokens.ListAsync("Garden", default)).Should().BeEmpty();
        (await _tokens.FindAsync("h1", default)).Should().BeNull();
        (await _tokens.FindAsync("h2", default)).Should().NotBeNull();
    }

    [Test]
    public async Task Room_with_a_token_does_not_count_as_empty()
    {
        var later = DateTimeOffset.UtcNow.AddMinutes(1);
        await AddAsync(Token("h1", "Garden", "builds"));
        (await _catalog.ListEmptyRoomsAsync(later, "", 10, default)).Should().Equal("lobby");
        (await _catalog.RemoveEmptyRoomAsync("Garden", later, default)).Should().BeFalse();
        await _tokens.RevokeAsync("Garden", "builds", default);
        (await _catalog.RemoveEmptyRoomAsync("Garden", later, default)).Should().BeTrue();
    }

    private async Task<TokenCreation> AddAsync(StoredToken token, int max = 10) => await _tokens.AddAsync(token, max, default);

    private async Task CreateRoomAsync(string name) => await _catalog.CreateRoomAsync(new StoredRoom(name, "", "u1", IsPrivate: false), int.MaxValue, default);

    private static StoredToken Token(string hash, string room, string name) => new(hash, room, $"b-{hash}", name, "u1", Noon);
}

public sealed class MemoryTokenStoreTests : TokenStoreContract
{
    protected override (ITokenStore Tokens, IRoomCatalog Catalog) Open()
    {
        var tokens = new MemoryTokenStore();
        var log = new MemoryRoomLog(Options.Create(new DataOptions()), TimeProvider.System);
        return (tokens, new MemoryRoomCatalog(log, tokens, new MemoryWebhookStore(log), new MemoryIdentityStore(), TimeProvider.System));
    }
}
