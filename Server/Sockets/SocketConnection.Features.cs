using System.Buffers;
using System.Collections;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// The connection's features. It is its own collection, since a dictionary for each connection costs more than the two pipes: what it
/// offers itself needs no entry, and of others' there are few.
/// </summary>
internal sealed partial class SocketConnection
    : IFeatureCollection,
        IConnectionEndPointFeature,
        IConnectionIdFeature,
        IConnectionItemsFeature,
        IConnectionLifetimeFeature,
        IConnectionSocketFeature,
        IConnectionTransportFeature,
        IMemoryPoolFeature
{
    private readonly List<KeyValuePair<Type, object>> _others = new(capacity: 6);
    private int _revision;

    public override IFeatureCollection Features => this;

    public Socket Socket => _pipe.Socket;

    public MemoryPool<byte> MemoryPool => _transport.MemoryPool;

    bool IFeatureCollection.IsReadOnly => false;

    int IFeatureCollection.Revision => _revision;

    object? IFeatureCollection.this[Type key]
    {
        get => Get(key);
        set => Set(key, value);
    }

    TFeature? IFeatureCollection.Get<TFeature>()
        where TFeature : default => (TFeature?)Get(typeof(TFeature));

    void IFeatureCollection.Set<TFeature>(TFeature? instance)
        where TFeature : default => Set(typeof(TFeature), instance);

    IEnumerator<KeyValuePair<Type, object>> IEnumerable<KeyValuePair<Type, object>>.GetEnumerator() => All().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => All().GetEnumerator();

    private static bool IsOwn(Type key) =>
        key == typeof(IConnectionTransportFeature)
        || key == typeof(IConnectionLifetimeFeature)
        || key == typeof(IConnectionIdFeature)
        || key == typeof(IConnectionItemsFeature)
        || key == typeof(IConnectionSocketFeature)
        || key == typeof(IConnectionEndPointFeature)
        || key == typeof(IMemoryPoolFeature);

    private IEnumerable<KeyValuePair<Type, object>> All() =>
        typeof(SocketConnection).GetInterfaces().Where(key => IsOwn(key) && IndexOf(key) < 0).Select(key => KeyValuePair.Create(key, (object)this)).Concat(_others);

    private object? Get(Type key) => IndexOf(key) is >= 0 and var index ? _others[index].Value : IsOwn(key) ? this : null;

    private void Set(Type key, object? value)
    {
        _revision++;
        var index = IndexOf(key);
        if (index >= 0)
            _others.RemoveAt(index);
        if (value is not null && !(ReferenceEquals(value, this) && IsOwn(key)))
            _others.Add(KeyValuePair.Create(key, value));
    }

    private int IndexOf(Type key)
    {
        for (var i = 0; i < _others.Count; i++)
        {
            if (_others[i].Key == key)
                return i;
        }

        return -1;
    }
}
