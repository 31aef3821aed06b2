using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionNameTests : SessionStoreFixture
{
    private static IEnumerable<TestCaseData> Disguised =>
        Disguises.All.Select(case_ => new TestCaseData(case_.Name, case_.Disguise).SetArgDisplayNames(case_.Name, case_.How));

    [Test]
    public async Task A_name_is_its_bearers_while_connected_by_any_device_and_free_after()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        await store.ResumeAsync(ann.Token);
        store.Release(ann);
        var (other, taken) = await store.BeginAsync("ann");
        other.User.Name.Should().StartWith("guest-");
        taken.Should().Match<NameRefusal>(refusal => refusal.IsTaken && refusal.Suggestion == "ann2");

        store.Release(ann);
        (await store.BeginAsync("ann")).Should().Match<SessionStart>(start => start.Session.User.Name == "ann" && start.Refusal == null);
        var (_, lost) = (await store.ResumeAsync(ann.Token))!;
        ann.User.Name.Should().StartWith("guest-", "somebody else took the name meanwhile");
        lost!.IsTaken.Should().BeTrue();
    }

    [Test]
    public async Task A_rename_frees_the_old_name_and_may_change_its_case()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        store.Rename(ann.User, "Ann").Should().BeNull();
        ann.User.Name.Should().Be("Ann");
        store.Rename(ann.User, "bob").Should().BeNull();
        (await BeginAsync(store, "ann")).User.Name.Should().Be("ann");
        store.Rename(ann.User, "ANN")!.IsTaken.Should().BeTrue();
        ann.User.Name.Should().Be("bob");
    }

    [TestCaseSource(nameof(Disguised))]
    public async Task A_name_in_use_cannot_be_had_in_disguise(string name, string disguise)
    {
        var store = Store();
        await BeginAsync(store, name);
        var (session, refusal) = await store.BeginAsync(disguise);
        session.User.Name.Should().StartWith("guest-");
        refusal.Should().NotBeNull();
        store.Rename(session.User, disguise).Should().NotBeNull();
        store.Rename(session.User, refusal!.Suggestion).Should().BeNull("what is suggested can be had");
    }

    [TestCaseSource(nameof(Disguised))]
    public async Task A_kept_name_cannot_be_had_in_disguise_while_its_owner_is_away_nor_after_a_restart(string name, string disguise)
    {
        var store = Store();
        var owner = await BeginAsync(store, null);
        await KeepAsync(store, owner, NameRule.Accept(name, out _)!);
        store.Release(owner);

        foreach (var later in new[] { store, await RestartAsync() })
        {
            var (session, refusal) = await later.BeginAsync(disguise);
            session.User.Name.Should().StartWith("guest-");
            refusal.Should().NotBeNull();
            later.Rename(session.User, disguise).Should().NotBeNull();
            later.Rename(session.User, refusal!.Suggestion).Should().BeNull("what is suggested can be had");
        }
    }

    [Test]
    public async Task Who_keeps_a_name_goes_on_as_the_same_user_by_another_token()
    {
        var store = Store();
        var session = await BeginAsync(store, "guest");
        var (id, token) = (session.User.Id, session.Token);
        await KeepAsync(store, session, "ann");

        session.User.Should().Match<User>(user => user.Id == id && user.Name == "ann" && !user.IsGuest);
        session.Token.Should().NotBe(token);
        (await store.ResumeAsync(token)).Should().BeNull();
        (await (await RestartAsync()).ResumeAsync(token)).Should().BeNull();
        (await (await RestartAsync()).ResumeAsync(session.Token))!.Session.User.Should().Match<User>(user => user.Id == id && !user.IsGuest);
        (await BeginAsync(store, "guest")).User.Name.Should().Be("guest", "the name from before is free");
    }

    [Test]
    public async Task The_devices_of_an_account_are_one_user_and_a_kept_name_comes_back_with_it()
    {
        var store = Store();
        var first = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, first, "ann");
        var second = (await store.BeginAsync(account)).Session;
        second.Token.Should().NotBe(first.Token);
        second.User.Should().BeSameAs(first.User);
        store.Rename(second.User, "ann.away").Should().BeNull();
        first.User.Name.Should().Be("ann.away");

        store.Release(first);
        (await BeginAsync(store, "Ann.Away")).User.Name.Should().StartWith("guest-", "the second device is still there");
        store.Release(second);
        var thief = await BeginAsync(store, "ann.away");
        thief.User.Name.Should().Be("ann.away", "only the registered name is kept");

        var (back, refusal) = (await store.ResumeAsync(first.Token))!;
        refusal!.IsTaken.Should().BeTrue();
        back.User.Name.Should().Be("ann", "an account has its own name to fall back on");
        (await store.ResumeAsync(second.Token))!.Session.User.Should().BeSameAs(back.User);
    }
}
