using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Sessions;

/// <summary>What outlives the server, and what does not outlive its time.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class StoredSessionTests(string way) : AccountFixture(way)
{
    [Test]
    public async Task Tokens_and_names_survive_a_restart_and_nothing_is_said_by_who_is_not_stored()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage);
        var (_, guest) = await ConnectAsync("ann");
        var (bob, _) = await ConnectAsync("bob");
        var account = await bob.AskAsync<WelcomeFrame>(Register("bob"));
        storage.IsFull = true;
        var (cid, cids) = await ConnectAsync("cid");
        cids.Name.Should().Be("cid", "a guest is let in");
        await cid.AskAsync<JoinedFrame>(Join("lobby"));
        (await cid.AskAsync<ErrorFrame>(Say("lost?", id: "x"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await cid.AskAsync<ErrorFrame>(Register("cid"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await cid.AskAsync<ErrorFrame>(Logout)).Error.Code.Should().Be(ErrorCode.Unavailable);
        storage.IsFull = false;
        (await cid.AskAsync<AckFrame>(Say("stored", id: "x"))).Seq.Should().Be(1);
        await cid.AskAsync<WelcomeFrame>(Register("cid"));

        await EndAll();
        await StartAsync(storage);
        (await ConnectAsync(null, guest.Session)).Welcome.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && frame.Guest);
        (await ConnectAsync(null, account.Session)).Welcome.Should().Match<WelcomeFrame>(frame => frame.User == account.User && frame.Name == "bob" && !frame.Guest);
        var (eve, _) = await ConnectAsync(null);
        (await eve.AskAsync<WelcomeFrame>(Login("cid", Password))).User.Should().Be(cids.User);
    }

    [Test]
    public async Task The_running_server_forgets_who_is_away_too_long()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage, "--Sessions:GuestMinutes", "5");
        var (ann, guest) = await ConnectAsync("ann");
        await ann.DisposeAsync();
        var hash = SessionToken.HashOf(guest.Session);
        await Patience.UntilAsync(() => storage.Saved.Any(saved => saved.TokenHash == hash && saved.AwaySince is not null), "ann to be away");
        Time.Advance(TimeSpan.FromMinutes(5));
        (await storage.FindSessionAsync(hash, default)).Should().NotBeNull();
        await Patience.UntilAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromMinutes(1));
                return storage.FindSessionAsync(hash, default).AsTask().Result is null;
            },
            "ann to be forgotten");
    }

    [Test]
    public async Task A_password_of_an_older_hash_is_hashed_anew_by_the_login()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage);
        var (ann, _) = await ConnectAsync("ann");
        await ann.AskAsync<WelcomeFrame>(Register("ann"));
        var before = (await storage.LoadAccountsAsync(default))[0].PasswordHash;
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
        (await storage.LoadAccountsAsync(default))[0].PasswordHash.Should().Be(before, "it is as new as can be");

        Hasher.IsOutdated = true;
        storage.IsFull = true;
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
        storage.IsFull = false;
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
        Hasher.IsOutdated = false;
        (await storage.LoadAccountsAsync(default))[0].PasswordHash.Should().NotBe(before);
        await ann.AskAsync<WelcomeFrame>(Login("ann", Password));
    }
}
